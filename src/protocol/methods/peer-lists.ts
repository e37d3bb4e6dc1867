import type { Call } from '../../kernel/call.js';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import { instanceOf, VIA } from '../../kernel/federation.js';
import { findMembers } from '../../kernel/json-scan.js';
import type { CatalogView, ShownList } from '../../registry/entries.js';

/** The gateways that a request comes from, nearest last; none where it is a client's own. */
export function viaOf(call: Call): readonly string[] {
  const meta = call.message.params?.raw('_meta');
  // Nearly nobody is a gateway.
  if (meta?.includes(VIA) !== true) return [];
  const raw = findMembers(meta)?.raw(VIA);
  const via: unknown = raw === undefined ? [] : JSON.parse(raw);
  return Array.isArray(via) ? via.filter((id): id is string => typeof id === 'string') : [];
}

/**
 * A list for another gateway: without what was learned from it, and unless `isPassedOn` from any other,
 * so that no two import each other's imports (SECURITY.md S66).
 * @throws GatewayError `federation_loop` when the other one is this gateway itself
 */
export function listForPeer(
  { view, kind, call }: { view: CatalogView; kind: ShownList; call: Call },
  own: { readonly id: string; readonly name: string; readonly isPassedOn: boolean },
): string {
  const via = viaOf(call);
  if (via.includes(own.id)) throw new GatewayError('federation_loop', { path: own.name });
  const whole = view.listText(kind, call.client.era);
  const { items } = view.listContent(kind, call.client.era);
  const isLeftOut = (gateway: Gateway): boolean => {
    const from = instanceOf(gateway.serverInfo);
    return from !== null && (!own.isPassedOn || via.includes(from));
  };
  const kept = items.filter(([name]) => !isLeftOut(gatewayOf(view, kind, name)));
  if (kept.length === items.length) return whole;
  const text = (of: typeof items): string => of.map(([, item]) => item).join(',');
  const all = text(items);
  const start = whole.indexOf(all);
  return whole.slice(0, start) + text(kept) + whole.slice(start + all.length);
}

function gatewayOf(view: CatalogView, kind: ShownList, name: string): Gateway {
  switch (kind) {
    case 'tools':
    case 'wideTools':
      return view.tool(name).gateway;
    case 'prompts':
      return view.prompt(name).gateway;
    case 'resources':
      return view.resource(name).gateway;
    case 'resourceTemplates':
      return view.template(name).gateway;
  }
}
