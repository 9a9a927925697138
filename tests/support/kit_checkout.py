"""A small checkout with the files and keys of Adobe's starter kit."""

import json
from pathlib import Path

ENV = """
OAUTH_BASE_URL=https://ims-na1.adobelogin.com/ims/token/
IO_MANAGEMENT_BASE_URL=https://api.adobe.io/events/
COMMERCE_BASE_URL=https://store.example/rest/
COMMERCE_GRAPHQL_ENDPOINT=
COMMERCE_CONSUMER_KEY=key-of-the-kit
COMMERCE_CONSUMER_SECRET=secret-of-the-kit
COMMERCE_ACCESS_TOKEN=token-of-the-kit
COMMERCE_ACCESS_TOKEN_SECRET=token-secret-of-the-kit
OAUTH_ORG_ID=org@AdobeOrg
IO_CONSUMER_ID=1
IO_PROJECT_ID=2
IO_WORKSPACE_ID=3
AIO_runtime_namespace=4
"""
APP = """
application:
  runtimeManifest:
    packages:
      ingestion:
        actions:
          $include: ./actions/ingestion/actions.config.yaml
"""
WEBHOOK = """
webhook:
  function: ./webhook/index.js
  web: 'yes'
  inputs:
    LOG_LEVEL: debug
    OAUTH_CLIENT_SECRET: $OAUTH_CLIENT_SECRET
  annotations:
    require-adobe-auth: true
    final: true
"""
CONSUMER = """
/* case 'be-observer.old_event': in a comment */
switch (params.type) {
  case 'be-observer.catalog_product_create': {
    break
  }
}
"""
HOOK = """/* Copyright */
const { Core } = require('@adobe/aio-sdk')

/**
 * @param {object} data - the event
 */
function preProcess (data) {
  // your code
}

module.exports = {
  preProcess
}
"""
TELEMETRY_HOOK = """
import {
  getInstrumentationHelpers,
  instrument,
} from "@adobe/aio-lib-telemetry";

function __preProcess(data, transformed) {
  // nothing to prepare
  const { currentSpan } = getInstrumentationHelpers();
  currentSpan.addEvent("created.phase", {
    value: "preProcess",
  });
}

export const preProcess = instrument(__preProcess);
"""
APP_MANAGEMENT = """
const field = (name: string) => ({ name });
export default defineConfig({
  eventing: {
    commerce: [{ events: [
      { fields: [field("sku")], name: "observer.catalog_product_save_commit_after" },
    ] }],
    external: [{ events: [{ name: "be-observer.price_update" }] }],
  },
  metadata: { displayName: "Kit", version: "1.0.2" },
});
"""
EVENTS = {
    "product": {
        "commerce": {
            "com.adobe.commerce.observer.catalog_product_save_commit_after": {}
        },
        "backoffice": {"be-observer.catalog_product_create": {}},
    }
}
FILES = {
    ".env": ENV,
    ".gitignore": "node_modules\n.env\n",
    "app.config.yaml": APP,
    "actions/ingestion/actions.config.yaml": WEBHOOK,
    "actions/ingestion/webhook/index.js": "",
    "actions/product/external/consumer/index.js": CONSUMER,
    "actions/product/external/created/pre.js": HOOK,
    "actions/product/external/created/schema.json": '{"required": ["sku", "name"]}',
    "scripts/onboarding/config/events.json": json.dumps(EVENTS),
    "node_modules/x/pre.js": "run()",
}


def checkout(folder: Path, **changes: str) -> Path:
    """Write a checkout in which nothing needs work, but for *changes* by path."""
    for name, text in {**FILES, **changes}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
