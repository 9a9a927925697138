# The files of each function's archive. The module needs no provider and no state, so that
# the list and its digest can be computed and tested offline.

variable "root" {
  description = "Path of the repository's root, the folder that holds `functions/`."
  type        = string
  nullable    = false
}

locals {
  # Packages that an archive excludes. Ingest starts faster without handlers and the
  # Commerce client.
  excluded = {
    commerce_events = ["commerce", "consumer", "handlers", "http_client", "ingest", "ledger", "target"]
    consumer        = ["commerce_events", "ingest", "web"]
    ingest          = ["commerce", "commerce_events", "consumer", "handlers", "http_client", "target"]
  }

  _package = fileset(var.root, "functions/**/*.{json,py}")

  _files = {
    for name, packages in local.excluded : name => [
      for path in local._package : path
      if !contains(packages, split("/", path)[1]) && !contains(["functions/events/samples.json", "functions/${name}/main.py"], path)
    ]
  }

  # Path in the archive => path on disk. The buildpack expects main.py and requirements.txt
  # at the root.
  files = {
    for name, paths in local._files : name => merge(
      { for path in paths : path => "${var.root}/${path}" },
      {
        "main.py"          = "${var.root}/functions/${name}/main.py"
        "requirements.txt" = "${var.root}/functions/${name}/requirements.txt"
      },
    )
  }
}

output "archives" {
  description = "By name (commerce_events, consumer, ingest): `files`, path in the archive => path on disk; `digest`, which changes with any path or content."
  value = {
    for name, files in local.files : name => {
      files = files
      digest = substr(sha256(jsonencode({
        for path, source in files : path => fileexists(source) ? filesha256(source) : "absent"
      })), 0, 16)
    }
  }
}
