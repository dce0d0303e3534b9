-- Appends events, in their order, and a delivery for every group that takes their type; wakes the consumers on commit.
-- A function: one round trip, planned once for each connection. Its second statement sees the groups that the lock waited for.
-- Returns the ids that were new.
CREATE FUNCTION publish_events(
  lock_space int, lock_id int, channel text, relay text, to_relay boolean, only_for text,
  ids uuid[], types text[], keys text[], bodies text[], digests text[]
) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(lock_space, lock_id);
  RETURN QUERY
    WITH appended AS (
      INSERT INTO events (event_id, event_type, key, event, digest, target_group)
      SELECT given.id, given.type, given.key, given.body::jsonb, given.digest, only_for
      FROM unnest(ids, types, keys, bodies, digests) WITH ORDINALITY AS given (id, type, key, body, digest, place)
      ORDER BY given.place
      ON CONFLICT (event_id) DO NOTHING
      RETURNING events.seq, events.key, events.event_type, events.event_id
    ), delivered AS (
      INSERT INTO bus_deliveries (group_name, seq, key)
      SELECT bus_groups.name, appended.seq, appended.key
      FROM appended JOIN bus_groups ON appended.event_type = ANY (bus_groups.types)
      WHERE CASE WHEN to_relay THEN bus_groups.name = relay ELSE bus_groups.name <> relay AND bus_groups.name = coalesce(only_for, bus_groups.name) END
    )
    SELECT appended.event_id FROM appended;
  PERFORM pg_notify(channel, told.type) FROM (SELECT DISTINCT unnest(types) AS type) AS told;
END
$$;
