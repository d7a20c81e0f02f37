"""The vendors' servers for trying and testing without WeChat."""
