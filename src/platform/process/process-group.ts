const POLL_MS = 20;

/** Sends a signal to every process of a group. @returns false when the group is empty or gone */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

/** Waits until a group has no process left. @returns false when it still has one after `timeoutMs` */
export async function groupGone(group: number, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (signalGroup(group, 0)) {
    if (performance.now() >= end) return false;
    // The system tells a parent of its child only, not of what the child left behind.
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

/** Whether a promise settles within `timeoutMs`. */
export async function within(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, timeoutMs);
  });
  const won = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return won;
}
