/**
 * Matches URIs against RFC 6570 templates in linear time, without regular expressions
 * (SECURITY.md S50). Level 1 and `{name*}`, `{+name}`, `{#name}`, `{/name}`, `{.name}`, `{;name}`,
 * `{?a,b}`, `{&a,b}`; an expression ends where the literal behind it first occurs, the last one
 * where it last does.
 */
export interface UriTemplate {
  /** @returns the values by name, percent-decoded; `undefined` when the URI does not fit */
  match(uri: string): Record<string, string> | undefined;
}

interface Expression {
  readonly operator: string;
  readonly names: readonly string[];
  readonly explode: boolean;
}
type Part = string | Expression;

const MAX_TEMPLATE = 4096;
const MAX_URI = 65_536;
const OPERATORS = '+#./;?&';
const NAME = /^[A-Za-z0-9_.%-]{1,64}$/;

/** @returns `undefined` when the text is no template this matcher can do */
export function compileTemplate(template: string): UriTemplate | undefined {
  const parts = template.length > MAX_TEMPLATE ? undefined : parse(template);
  return parts && { match: (uri) => (uri.length > MAX_URI ? undefined : match(parts, uri)) };
}

function parse(template: string): Part[] | undefined {
  const parts: Part[] = [];
  let at = 0;
  while (at < template.length) {
    const open = template.indexOf('{', at);
    const literal = template.slice(at, open < 0 ? undefined : open);
    if (literal.includes('}')) return undefined;
    if (literal !== '') parts.push(literal);
    if (open < 0) break;
    const close = template.indexOf('}', open);
    const expression = close < 0 ? undefined : parseExpression(template.slice(open + 1, close));
    // Two expressions side by side have no boundary unless the second brings its own character.
    const afterExpression = literal === '' && parts.length > 0;
    if (!expression || (afterExpression && !'./;?&#'.includes(expression.operator || ' ')))
      return undefined;
    parts.push(expression);
    at = close + 1;
  }
  return parts;
}

function parseExpression(text: string): Expression | undefined {
  const operator = text !== '' && OPERATORS.includes(text.charAt(0)) ? text.charAt(0) : '';
  const specs = text.slice(operator.length).split(',');
  const explode = specs.some((spec) => spec.endsWith('*'));
  const names = specs.map((spec) => spec.replace(/\*$|:\d{1,4}$/, ''));
  const isForm = operator === '?' || operator === '&' || operator === ';';
  if (names.some((name) => !NAME.test(name)) || (names.length > 1 && !isForm)) return undefined;
  return { operator, names, explode };
}

function match(parts: readonly Part[], uri: string): Record<string, string> | undefined {
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  let at = 0;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as Part;
    if (typeof part === 'string') {
      if (!uri.startsWith(part, at)) return undefined;
      at += part.length;
      continue;
    }
    const end = endOf(parts, i, uri, at);
    if (end < 0 || !take(part, uri.slice(at, end), values)) return undefined;
    at = end;
  }
  return at === uri.length ? values : undefined;
}

/** Where the value of the expression at `i` ends: before what follows it, else at the end. */
function endOf(parts: readonly Part[], i: number, uri: string, at: number): number {
  const next = parts[i + 1];
  if (next === undefined) return uri.length;
  if (typeof next === 'string') {
    const isLast = i + 2 === parts.length;
    return isLast ? Math.max(uri.length - next.length, at) : uri.indexOf(next, at);
  }
  // An expression that starts with its own character may be absent altogether.
  const own = (parts[i] as Expression).operator;
  const from = at + (own !== '' && uri.startsWith(own, at) ? 1 : 0);
  const found = uri.indexOf(next.operator, from);
  return found < 0 ? uri.length : found;
}

function take(part: Expression, slice: string, values: Record<string, string>): boolean {
  switch (part.operator) {
    case '?':
    case '&':
    case ';':
      return takeForm(part, slice, values);
    case '':
      return slice !== '' && isSimple(slice, part.explode) && put(values, firstName(part), slice);
    case '+':
      return slice !== '' && put(values, firstName(part), slice);
    default:
      return takePrefixed(part, slice, values);
  }
}

function firstName(part: Expression): string {
  return part.names[0] as string;
}

/** `{/name}`, `{.name}`, `{#name}`: with the character before it, or absent. */
function takePrefixed(part: Expression, slice: string, values: Record<string, string>): boolean {
  if (slice === '') return true;
  if (slice.charAt(0) !== part.operator) return false;
  const body = slice.slice(1);
  const isFree = part.operator === '#' || part.explode || isSimple(body, false);
  return isFree && put(values, firstName(part), body);
}

function isSimple(slice: string, explode: boolean): boolean {
  return explode ? !/[?#]/.test(slice) : !/[/?#]/.test(slice);
}

/** `?a=1&b=2` in any order; a name the template does not know does not fit. */
function takeForm(part: Expression, slice: string, values: Record<string, string>): boolean {
  if (slice === '') return true;
  if (slice.charAt(0) !== part.operator) return false;
  for (const pair of slice.slice(1).split(part.operator === ';' ? ';' : '&')) {
    const eq = pair.indexOf('=');
    const name = eq < 0 ? pair : pair.slice(0, eq);
    if (!part.names.includes(name)) return false;
    if (!put(values, name, eq < 0 ? '' : pair.slice(eq + 1))) return false;
  }
  return true;
}

/** @returns false when the text is no valid percent-encoding */
function put(values: Record<string, string>, name: string, text: string): boolean {
  try {
    values[name] = text.includes('%') ? decodeURIComponent(text) : text;
    return true;
  } catch {
    return false;
  }
}
