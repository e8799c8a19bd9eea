"""OAuth2: the authorization page, codes and tokens."""
