"""A soak of the outbound direction: from Adobe's deliveries to a third party."""
