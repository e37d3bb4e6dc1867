import type { Caller } from '../kernel/caller.js';
import type { Subject } from '../federation/person-lines.service.js';
import type { ResourceEntry } from '../registry/entries.js';
import type { UpstreamTask } from './era/bridge/task-seals.js';
import { UpdateSpacing } from './update-spacing.js';

/** Where something is that can be watched, under the name that its upstream has for it. */
export interface Place extends Subject {
  /** Whose session it is watched on, where each person has its own login; `null` = that of all. */
  readonly caller: Caller | null;
}

/** One thing that is watched: its upstream is told while anybody watches it, one change after the other. */
export class Watched {
  readonly key: string;
  /** Who watches under which name → what is told of an update: the inside of its params without its name. */
  private readonly watchers = new Map<string, (params: string) => void>();
  private readonly spacing: UpdateSpacing;
  /** What the upstream was told last. */
  private isSubscribed = false;
  private told: Promise<void> = Promise.resolve();
  /** The change that has not begun yet: it will bring whatever is wanted by then. */
  private next: Promise<void> | null = null;

  /**
   * @param ask tells the upstream
   * @param unwanted nobody watches it any more, and the upstream was told so
   */
  constructor(
    readonly place: Place,
    private readonly ask: (place: Place, isWanted: boolean) => Promise<void>,
    private readonly unwanted: (watched: Watched) => void,
  ) {
    this.key = keyOf(place);
    this.spacing = new UpdateSpacing((params) => {
      for (const updated of this.watchers.values()) updated(params);
    });
  }

  add(watcher: string, shown: string, updated: (params: string) => void): void {
    this.watchers.set(watcherKey(watcher, shown), updated);
  }

  async drop(watcher: string, shown: string): Promise<void> {
    if (!this.watchers.delete(watcherKey(watcher, shown))) return;
    if (this.watchers.size === 0) await this.tell();
  }

  /** The upstream says that it has changed. @param params the inside of its params */
  changed(params: string): void {
    this.spacing.due(params);
  }

  /** Its session above is a new one, which knows nothing of it. */
  forgotten(): void {
    this.isSubscribed = false;
  }

  /** Brings the upstream to what is wanted, once what it is being told already has arrived. */
  tell(): Promise<void> {
    this.next ??= this.told = this.told
      .catch(() => undefined)
      .then(() => {
        this.next = null;
        return this.settle();
      });
    return this.next;
  }

  stop(): void {
    this.spacing.stop();
  }

  private async settle(): Promise<void> {
    const isWanted = this.watchers.size > 0;
    if (isWanted !== this.isSubscribed) {
      try {
        await this.ask(this.place, isWanted);
      } catch (e) {
        if (isWanted) throw e;
      }
      this.isSubscribed = isWanted;
    }
    if (this.watchers.size === 0) this.unwanted(this);
  }
}

export function subjectOf(at: ResourceEntry | UpstreamTask): Subject {
  return 'taskId' in at
    ? { gatewayId: at.gatewayId, kind: 'task', name: at.taskId }
    : { gatewayId: at.gateway.id, kind: 'resource', name: at.upstreamUri };
}

export const holderOf = ({ caller }: Place): string | null => caller?.principalHash ?? null;

export const keyOf = (place: Place): string => keyAt(holderOf(place), place);

export function keyAt(holder: string | null, { gatewayId, kind, name }: Subject): string {
  return `${gatewayId} ${holder ?? ''} ${kind} ${name}`;
}

function watcherKey(watcher: string, shown: string): string {
  return `${watcher} ${shown}`;
}
