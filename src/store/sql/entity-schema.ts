import {
  EntitySchema,
  EntitySchemaOptions,
  type EntitySchemaColumnOptions,
  type ObjectLiteral,
} from 'typeorm';
import type { Definition, Field, Identified } from '../port.js';

const ID_LENGTH = 64;

const json = {
  to: (value: unknown): string | null =>
    value === null || value === undefined ? null : JSON.stringify(value),
  from: (text: unknown): unknown => (typeof text === 'string' ? JSON.parse(text) : text),
};

function column(field: Field): EntitySchemaColumnOptions {
  const nullable = field.optional ?? false;
  switch (field.kind) {
    case 'str':
      return { type: 'varchar', length: field.length ?? 255, nullable };
    case 'text':
      return { type: 'text', nullable };
    case 'json':
      return { type: 'text', transformer: json, nullable };
    case 'int':
      return { type: Number, nullable };
    case 'double':
      return { type: 'double precision', nullable };
    case 'bool':
      return { type: Boolean, nullable };
    case 'time':
      return { type: 'varchar', length: 24, nullable };
  }
}

/** The ORM's description of a definition; columns are named like the fields. */
export function toEntitySchema<T extends Identified>(
  definition: Definition<T>,
): EntitySchema<ObjectLiteral> {
  const { name, fields, unique = [], index = [] } = definition;
  const columns: Record<string, EntitySchemaColumnOptions> = {
    id: { type: 'varchar', length: ID_LENGTH, primary: true },
  };
  for (const [key, field] of Object.entries<Field>(fields)) columns[key] = column(field);
  return new EntitySchema<ObjectLiteral>(
    Object.assign(new EntitySchemaOptions<ObjectLiteral>(), {
      name,
      tableName: name,
      columns,
      indices: [
        ...unique.map((keys) => ({
          name: `uq_${name}_${keys.join('_')}`,
          columns: [...keys],
          unique: true,
        })),
        ...index.map((keys) => ({ name: `ix_${name}_${keys.join('_')}`, columns: [...keys] })),
      ],
    }),
  );
}
