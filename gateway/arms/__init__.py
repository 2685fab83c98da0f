"""The arms as HTTP services: how they are asked, and what asking them gave."""
