-- Events come as one JSON array instead of five arrays of texts, which had to be escaped and taken apart again; the plan is made once
-- for each connection instead of at each call. The function of before stays for processes that a deploy has yet to replace.
-- Appends events, in their order, and a delivery for every group that takes their type; wakes the consumers on commit.
-- A function: one round trip. Its second statement sees the groups that the lock waited for.
-- Returns the ids that were new, or null when all were.
CREATE FUNCTION publish_events(
  lock_space int, lock_id int, channel text, relay text, to_relay boolean, only_for text, types text[], given jsonb
) RETURNS uuid[] LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  new_ids uuid[];
BEGIN
  PERFORM pg_advisory_xact_lock_shared(lock_space, lock_id);
  WITH appended AS (
    INSERT INTO events (event_id, event_type, key, event, digest, target_group)
    SELECT one.id, one.type, one.key, one.event, one.digest, only_for
    FROM ROWS FROM (jsonb_to_recordset(given) AS (id uuid, type text, key text, event jsonb, digest text))
      WITH ORDINALITY AS one (id, type, key, event, digest, place)
    ORDER BY one.place
    ON CONFLICT (event_id) DO NOTHING
    RETURNING events.seq, events.key, events.event_type, events.event_id
  ), delivered AS (
    INSERT INTO bus_deliveries (group_name, seq, key)
    SELECT bus_groups.name, appended.seq, appended.key
    FROM appended JOIN bus_groups ON appended.event_type = ANY (bus_groups.types)
    WHERE CASE WHEN to_relay THEN bus_groups.name = relay ELSE bus_groups.name <> relay AND bus_groups.name = coalesce(only_for, bus_groups.name) END
  )
  SELECT CASE WHEN count(*) < jsonb_array_length(given) THEN coalesce(array_agg(appended.event_id), '{}') END INTO new_ids FROM appended;
  PERFORM pg_notify(channel, told) FROM unnest(types) AS told;
  RETURN new_ids;
END
$$;
