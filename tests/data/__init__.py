"""What earlier versions left behind, as text."""
