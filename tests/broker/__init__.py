"""A real Apache Kafka for tests: `fixtures.py` gives it to them, `broker.py` starts and kills one, `prepare.py` fetches it."""
