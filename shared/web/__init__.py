"""What the app answers over HTTP: pages for people, JSON for programs."""
