/** Requests and notifications of clients, all legacy revisions. */
const KNOWN: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/read',
  'resources/templates/list',
  'resources/subscribe',
  'resources/unsubscribe',
  'completion/complete',
  'logging/setLevel',
  'roots/list',
  'list_gateways',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'notifications/roots/list_changed',
]);

/** The method as a label: a client can write anything there, and labels must stay few. */
export function methodLabel(method: string): string {
  return KNOWN.has(method) ? method : 'unknown';
}
