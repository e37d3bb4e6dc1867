import type { GatewayId } from '../kernel/ids.js';
import type { PersonLogin } from '../kernel/person-login.js';
import { insertNew } from './insert-new.js';
import type { Repo } from './port.js';

/** Logins of persons at upstreams. */
export class PersonLoginsRepository {
  constructor(private readonly repo: Repo<PersonLogin>) {}

  find(id: string): Promise<PersonLogin | undefined> {
    return this.repo.get(id);
  }

  /** The oldest first. */
  ofPerson(principalHash: string): Promise<PersonLogin[]> {
    return this.repo.find({ principalHash }, { sort: { since: 1, id: 1 } });
  }

  /** @returns whether there was none of that id */
  add(row: PersonLogin): Promise<boolean> {
    return insertNew(this.repo, row);
  }

  /** Compare and swap. @returns whether the row still had that revision */
  async replace(
    { id, revision }: Pick<PersonLogin, 'id' | 'revision'>,
    patch: Pick<PersonLogin, 'loginSealed' | 'updatedAt'>,
  ): Promise<boolean> {
    return (await this.repo.update({ id, revision }, { ...patch, revision: revision + 1 })) > 0;
  }

  /** @returns whether there was one */
  async delete(id: string): Promise<boolean> {
    return (await this.repo.delete({ id })) > 0;
  }

  async deleteOfGateway(gatewayId: GatewayId): Promise<void> {
    await this.repo.delete({ gatewayId });
  }
}
