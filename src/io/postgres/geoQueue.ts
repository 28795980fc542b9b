/** Entries of `weir.geo_queue` as texts: the canonical address, a space, and the text that rows hold. Neither has a space in it. */
export function queueEntry(address: string, spelling: string): string {
  return `${address} ${spelling}`;
}

/**
 * Queues the entries ({@link queueEntry}) of parameter `$parameter`, a text[]: to be a part of the statement that writes the rows.
 *
 * An entry that is there already is updated all the same: the update holds its row until the transaction ends. Whoever stores the
 * address's answer takes that row before it looks for rows of the address, so it sees ours; if it was first, the entry is new and
 * will be worked again. In order, so that two commits never wait for each other.
 *
 * @param condition of the whole insert, as SQL, such as `exists (select from moved)`
 */
export function QUEUE_ADDRESSES(parameter: number, condition = 'true'): string {
  return `
  insert into weir.geo_queue (ip, spellings)
  select split_part(entry, ' ', 1) collate "C" as ip, array_agg(distinct split_part(entry, ' ', 2))
  from unnest($${parameter}::text[]) as entry
  where ${condition}
  group by 1 order by 1
  on conflict (ip) do update set spellings =
    case when geo_queue.spellings @> excluded.spellings then geo_queue.spellings
         else array(select distinct unnest(geo_queue.spellings || excluded.spellings)) end`;
}
