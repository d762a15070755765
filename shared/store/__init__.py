"""What is remembered, on Azure Tables. Storage holds no authority: decisions are verified by whoever acts on them."""
