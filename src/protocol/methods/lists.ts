import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import { GatewayError } from '../../kernel/errors.js';
import { Config } from '../../config/config.js';
import { Sealer } from '../../platform/crypto/sealer.js';
import { CatalogService } from '../../registry/catalog.service.js';
import type { CatalogView, ShownList } from '../../registry/entries.js';
import { OwnInstance } from '../../registry/own-instance.service.js';
import { listForPeer, viaOf } from './peer-lists.js';

const CURSOR_LABEL = 'cursor';
const CURSOR_LIFE_MS = 86_400_000;

/** The four lists, from the Snapshot: never waits for an upstream (PROTOCOL.md §6.1). */
@Injectable()
export class Lists {
  constructor(
    private readonly catalog: CatalogService,
    private readonly config: Config,
    private readonly sealer: Sealer,
    private readonly own: OwnInstance,
  ) {}

  /** The whole `result`. @throws GatewayError `invalid_cursor` */
  answer(call: Call, kind: ShownList): string {
    const view = this.catalog.view(call.caller, call.serverId);
    const size = this.config.mcpListPageSize;
    const cursor = call.message.params?.raw('cursor');
    if (viaOf(call).length > 0) return this.answerPeer(call, kind, view);
    if (cursor === undefined && size === 0) return view.listText(kind, call.client.era);
    const aad = `${kind}|${call.caller.principalHash}|${call.serverId ?? ''}`;
    const after = cursor === undefined ? null : this.open(cursor, aad);
    const { text, last } = view.page(kind, {
      after,
      size: size === 0 ? Infinity : size,
      era: call.client.era,
    });
    if (last === null) return text;
    const next = this.sealer.seal(CURSOR_LABEL, JSON.stringify([Date.now(), last]), aad);
    return `${text.slice(0, -1)},"nextCursor":${JSON.stringify(next)}}`;
  }

  private answerPeer(call: Call, kind: ShownList, view: CatalogView): string {
    const { appName: name, federationReexport: isPassedOn } = this.config;
    return listForPeer({ view, kind, call }, { id: this.own.id, name, isPassedOn });
  }

  private open(raw: string, aad: string): string | null {
    const cursor: unknown = JSON.parse(raw);
    // An empty cursor means the start (PROTOCOL.md §6.1).
    if (cursor === '') return null;
    const text =
      typeof cursor === 'string' ? this.sealer.open(CURSOR_LABEL, cursor, aad) : undefined;
    if (text === undefined) throw new GatewayError('invalid_cursor');
    const [at, last] = JSON.parse(text) as [number, string];
    if (Date.now() - at > CURSOR_LIFE_MS) throw new GatewayError('invalid_cursor');
    return last;
  }
}
