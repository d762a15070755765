"""What a person can find out and change inside the cluster."""
