"""A real Apache Kafka on this machine, without docker: one broker in KRaft mode from Maven Central's jars.

`jars.py` fetches and checks them, `broker.py` knows the configuration and the command line, `__main__.py` starts it.
For development, tests and small shops on one machine; a cluster has its own ways to be installed (docs/kafka.md).
"""
