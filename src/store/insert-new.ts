import { DuplicateError, type Identified, type Repo } from './port.js';

/** Inserts a row unless one of that key is there. @returns whether there was none */
export async function insertNew<T extends Identified>(repo: Repo<T>, row: T): Promise<boolean> {
  try {
    await repo.insert([row]);
    return true;
  } catch (e) {
    if (e instanceof DuplicateError) return false;
    throw e;
  }
}
