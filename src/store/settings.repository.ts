import type { Setting } from './definitions.js';
import { insertNew } from './insert-new.js';
import type { Repo } from './port.js';

/** Text under a name, for what the gateway itself must remember. */
export class SettingsRepository {
  constructor(private readonly repo: Repo<Setting>) {}

  async get(name: string): Promise<string | undefined> {
    return (await this.repo.get(name))?.value;
  }

  async set(name: string, value: string): Promise<void> {
    if ((await this.repo.update({ id: name }, { value })) > 0) return;
    await this.insertOr(name, value, () => this.repo.update({ id: name }, { value }));
  }

  /** Keeps what is there. @returns the value that holds now, whoever wrote it */
  async setIfAbsent(name: string, value: string): Promise<string> {
    await this.insertOr(name, value, () => Promise.resolve());
    return (await this.get(name)) ?? value;
  }

  async delete(name: string): Promise<void> {
    await this.repo.delete({ id: name });
  }

  private async insertOr(
    name: string,
    value: string,
    taken: () => Promise<unknown>,
  ): Promise<void> {
    if (!(await insertNew(this.repo, { id: name, value }))) await taken();
  }
}
