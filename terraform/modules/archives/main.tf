# What is uploaded for each function: no provider, no state, only files of the
# repository, so that the list and its digest can be had (and tested) offline.

variable "root" {
  description = "Path of the repository's root, the folder that holds `functions/`."
  type        = string
  nullable    = false
}

locals {
  # What each archive does without. Ingest's cold start does not pay for handlers and
  # the Commerce client.
  left_out = {
    ingest   = ["commerce", "consumer", "handlers"]
    consumer = ["ingest"]
  }

  _package = fileset(var.root, "functions/**/*.{json,py}")

  _files = {
    for name, others in local.left_out : name => [
      for path in local._package : path
      if !contains(others, split("/", path)[1])
      && !contains(["functions/events/samples.json", "functions/${name}/main.py"], path)
    ]
  }

  # Path inside the archive => path on disk. The entry module becomes main.py at the
  # root, where the buildpack looks for it, beside the function's own requirements.txt.
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
  description = "By name (ingest, consumer): `files`, path in the archive => path on disk; `digest`, which changes with any path or content."
  value = {
    for name, files in local.files : name => {
      files = files
      digest = substr(sha256(jsonencode({
        for path, source in files : path => fileexists(source) ? filesha256(source) : "absent"
      })), 0, 16)
    }
  }
}
