"""What is said, apart from who says it: the content encoder (ContentVec, a HuBERT-base), its weights and the door for them."""
