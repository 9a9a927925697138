"""A stand-in for the third party that receives the events of Commerce as webhooks."""

from local.back_office.back_office import BackOffice

__all__ = ["BackOffice"]
