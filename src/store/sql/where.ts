import { Brackets, type WhereExpressionBuilder } from 'typeorm';
import type { Condition } from '../port.js';

type AnyFilter = Readonly<Record<string, unknown>> & { readonly or?: readonly AnyFilter[] };

const OPERATORS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** Adds the conditions of filters to a query, one parameter per value, numbered within the query. */
export class Where {
  private count = 0;

  /** @param columnOf how a field is written in this kind of query */
  constructor(private readonly columnOf: (field: string) => string) {}

  add(where: WhereExpressionBuilder, filter: object): void {
    for (const [field, condition] of Object.entries(filter as AnyFilter)) {
      if (condition === undefined) continue;
      if (field === 'or') this.anyOf(where, condition as readonly AnyFilter[]);
      else this.field(where, this.columnOf(field), condition);
    }
  }

  private anyOf(where: WhereExpressionBuilder, filters: readonly AnyFilter[]): void {
    where.andWhere(
      new Brackets((any) => {
        any.where('1=0');
        for (const filter of filters)
          any.orWhere(
            new Brackets((all) => {
              all.where('1=1');
              this.add(all, filter);
            }),
          );
      }),
    );
  }

  private field(where: WhereExpressionBuilder, column: string, condition: Condition): void {
    if (condition === null) where.andWhere(`${column} IS NULL`);
    else if (typeof condition !== 'object') this.compare(where, `${column} =`, condition);
    else if ('in' in condition) this.isIn(where, column, condition.in);
    else if ('inAnyCase' in condition)
      this.isIn(where, `LOWER(${column})`, inLowerCase(condition.inAnyCase));
    else if ('ne' in condition) this.differs(where, column, condition.ne);
    else if ('contains' in condition)
      this.like(where, `LOWER(${column})`, condition.contains.toLowerCase());
    else if ('has' in condition) this.like(where, column, JSON.stringify(condition.has));
    else
      for (const key of ['gt', 'gte', 'lt', 'lte'] as const) {
        const value = condition[key];
        if (value !== undefined) this.compare(where, `${column} ${OPERATORS[key]}`, value);
      }
  }

  private compare(where: WhereExpressionBuilder, left: string, value: unknown): void {
    const name = this.next();
    where.andWhere(`${left} :${name}`, { [name]: value });
  }

  private isIn(where: WhereExpressionBuilder, column: string, values: readonly unknown[]): void {
    const name = this.next();
    if (values.length === 0) where.andWhere('1=0');
    else where.andWhere(`${column} IN (:...${name})`, { [name]: values });
  }

  private differs(where: WhereExpressionBuilder, column: string, value: unknown): void {
    const name = this.next();
    if (value === null) where.andWhere(`${column} IS NOT NULL`);
    else where.andWhere(`(${column} <> :${name} OR ${column} IS NULL)`, { [name]: value });
  }

  /** `text` anywhere in `left`; its own `%` and `_` mean themselves. */
  private like(where: WhereExpressionBuilder, left: string, text: string): void {
    const name = this.next();
    const pattern = `%${text.replace(/[!%_]/g, '!$&')}%`;
    where.andWhere(`${left} LIKE :${name} ESCAPE '!'`, { [name]: pattern });
  }

  private next(): string {
    return `p${String(this.count++)}`;
  }
}

function inLowerCase(texts: readonly string[]): string[] {
  return texts.map((text) => text.toLowerCase());
}
