"""The pages: sign-in, and the frame that Live and everything else stand in."""
