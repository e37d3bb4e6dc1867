import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable, kinds } from './columns.js';

const { id, int, double, time } = kinds;

/** How often each record was used, and how that went. */
export class ItemMetrics1764200000000 implements MigrationInterface {
  readonly name = 'ItemMetrics1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, 'item_metrics', {
      id,
      total: int,
      failed: int,
      minSeconds: double,
      maxSeconds: double,
      sumSeconds: double,
      lastAt: time,
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('item_metrics');
  }
}
