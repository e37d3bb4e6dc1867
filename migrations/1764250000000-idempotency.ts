import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable, kinds, orNull } from './columns.js';

const { id, str, text, time } = kinds;

/** Answers kept for requests that may come again (Idempotency-Key). */
export class Idempotency1764250000000 implements MigrationInterface {
  readonly name = 'Idempotency1764250000000';

  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'idempotency',
      { id, holder: str(36), requestSealed: text, answerSealed: orNull(text), heldUntil: time },
      { index: [['heldUntil']] },
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('idempotency');
  }
}
