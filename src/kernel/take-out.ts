/**
 * Takes `item` out of a list that has no order.
 *
 * Whatever comes and goes with every call lies in such a list, never in a `Map` or `Set`: V8 links each
 * table that a churning `Map` leaves behind to the next one, and once a link is old, everything that was
 * in one of the tables, whole calls with their sockets, lives until the next full collection.
 * @returns whether it was there
 */
export function takeOut<T>(list: T[], item: T): boolean {
  const at = list.lastIndexOf(item);
  if (at < 0) return false;
  const last = list.pop() as T;
  if (at < list.length) list[at] = last;
  return true;
}
