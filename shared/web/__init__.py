"""HTTP answers: pages for people, JSON for programs."""
