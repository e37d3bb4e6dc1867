/** The smallest value that a plain schema takes. */
function valueOf(schema) {
  if (schema?.enum !== undefined) return schema.enum[0];
  switch (schema?.type) {
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    case 'array':
      return [];
    case 'object':
      return exampleOf(schema);
    default:
      return 'a';
  }
}

/** Arguments that a tool takes: all that it requires. */
export function exampleOf(inputSchema) {
  const { required = [], properties = {} } = inputSchema ?? {};
  return Object.fromEntries(required.map((name) => [name, valueOf(properties[name])]));
}
