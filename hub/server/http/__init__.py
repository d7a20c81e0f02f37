"""HTTP: routes by noun, put together by ``application.build``."""
