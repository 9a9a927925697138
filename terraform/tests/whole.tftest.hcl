mock_provider "google" {}
mock_provider "archive" {}

variables {
  project_id        = "acme-shop"
  region            = "europe-west1"
  ingest_auth       = "token"
  commerce_base_url = "https://shop.example.com/rest/"
  secrets = {
    COMMERCE_CONSUMER_KEY        = "k"
    COMMERCE_CONSUMER_SECRET     = "s"
    COMMERCE_ACCESS_TOKEN        = "t"
    COMMERCE_ACCESS_TOKEN_SECRET = "u"
    INGEST_TOKENS                = "acme:0123456789abcdef"
  }
}

run "whole" {
  command = apply
}
