"""How live sound gets from where it is made to who listens."""
