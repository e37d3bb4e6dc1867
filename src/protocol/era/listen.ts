import type { Call } from '../../kernel/call.js';
import { RELAYED, scanJson } from '../../kernel/json-scan.js';
import { notificationText } from '../../kernel/jsonrpc.js';
import { CLAIM, LIST_CHANGED, noticesOf, type ListKind } from '../../kernel/mcp.js';
import type { CatalogView } from '../../registry/entries.js';
import type { UpstreamNotice } from '../../registry/upstream-notice.js';
import { NoticeSpacing } from '../notice-spacing.js';
import { type ListenFilter, filterText } from './listen-filter.js';

const WITH_META = { ...RELAYED, nested: ['_meta'] };

/** One open `subscriptions/listen`: what it says carries the id of its request (26 Subscriptions). */
export class Listen {
  /** What its Caller sees; compared with what comes next. */
  view: CatalogView | null;
  /** Who ended it. */
  readonly ended: Promise<'us' | 'client'>;
  private readonly spacing: NoticeSpacing;
  private readonly tag: string;
  private finish: () => void = () => undefined;

  constructor(
    readonly call: Call,
    private readonly granted: ListenFilter,
    view: CatalogView,
  ) {
    this.view = view;
    this.tag = `"${CLAIM.subscriptionId}":${call.message.id as string}`;
    this.spacing = new NoticeSpacing((method) => {
      this.say(method, '', '');
    });
    this.ended = new Promise((resolve) => {
      this.finish = () => {
        resolve('us');
      };
      call.abort.onAbort(() => {
        resolve('client');
      });
    });
  }

  /** Members of the `_meta` of all it says. */
  get meta(): string {
    return this.tag;
  }

  acknowledge(): void {
    const granted = `"notifications":${filterText(this.granted)}`;
    this.say('notifications/subscriptions/acknowledged', granted, '');
  }

  /** Lists that read differently now; those that nobody asked for are not told. */
  changed(kinds: readonly ListKind[]): void {
    for (const method of noticesOf(kinds)) if (this.wants(method)) this.spacing.due(method);
  }

  /** What an upstream itself said of lists that show an item of its. */
  noticed({ gatewayId, kinds, ageMs }: UpstreamNotice): void {
    const since = performance.now() - ageMs;
    const shown = kinds.filter((kind) => this.view?.shows(gatewayId, kind) === true);
    for (const method of noticesOf(shown))
      if (this.wants(method)) this.spacing.dueSince(method, since);
  }

  /** @param params inside of the upstream's params without `uri` */
  updated(shownUri: string, params: string): void {
    this.tell('notifications/resources/updated', `"uri":${JSON.stringify(shownUri)}`, params);
  }

  /** @param params inside of the upstream's params without `taskId` */
  taskTold(shownId: string, params: string): void {
    this.tell('notifications/tasks', `"taskId":${JSON.stringify(shownId)}`, params);
  }

  /** Ends it from our side: the result follows. */
  end(): void {
    this.finish();
  }

  stop(): void {
    this.spacing.stop();
  }

  private wants(method: string): boolean {
    if (method === LIST_CHANGED.tools) return this.granted.toolsListChanged;
    if (method === LIST_CHANGED.prompts) return this.granted.promptsListChanged;
    return this.granted.resourcesListChanged;
  }

  private tell(method: string, own: string, params: string): void {
    if (params === '') {
      this.say(method, own, '');
      return;
    }
    const { top, nested } = scanJson(`{${params}}`, WITH_META);
    const rest = top.without('_meta');
    const meta = nested['_meta']?.without(CLAIM.subscriptionId) ?? '';
    this.say(method, rest === '' ? own : `${own},${rest}`, meta);
  }

  private say(method: string, params: string, meta: string): void {
    const tagged = `"_meta":{${meta === '' ? this.tag : `${meta},${this.tag}`}}`;
    this.call.channel.send(
      notificationText(method, params === '' ? tagged : `${params},${tagged}`),
    );
  }
}
