"""The journals of many hosts in one directory, by a broker that exists: NATS JetStream carries their bytes."""
