"""Receives pushes of Pub/Sub and has each event handled once."""
