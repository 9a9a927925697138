"""The page that ingest shows in a browser."""

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Commerce events</title>
<h1>POST events here</h1>
<p>This address accepts events as JSON:</p>
<pre>{"data": {"uid": "…", "event": "be-observer.…", "value": …}}</pre>
"""
