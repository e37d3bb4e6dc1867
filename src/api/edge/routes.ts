import type { NextFunction, Request, Response } from 'express';

/** What Express keeps of a registered route. Not typed there; a spec watches over it. */
interface Layer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}
interface WithRouter {
  readonly router: { readonly stack: readonly Layer[] };
}

/** Methods that some route takes at the path of this request, for `Allow`; empty = there is no such path. */
export function allowedMethods(request: Request): string[] {
  const { stack } = (request.app as unknown as WithRouter).router; // see Layer
  const found = new Set<string>();
  for (const layer of stack) {
    if (layer.route === undefined || !matches(layer, request.path)) continue;
    for (const method of Object.keys(layer.route.methods)) found.add(method.toUpperCase());
  }
  if (found.size === 0) return [];
  if (found.has('GET')) found.add('HEAD');
  return [...found].sort();
}

function matches(layer: Layer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false; // malformed percent-encoding
  }
}

/** Answers `OPTIONS` with what the path takes; unknown paths go on to their 404. */
export function answerOptions(request: Request, response: Response, next: NextFunction): void {
  const allowed = request.method === 'OPTIONS' ? allowedMethods(request) : [];
  if (allowed.length === 0) {
    next();
    return;
  }
  response.setHeader('Allow', [...allowed, 'OPTIONS'].join(', '));
  response.status(204).end();
}

/** `/tools/{id}` of the route that took the request; `unmatched` otherwise. Bounded, fit for a label. */
export function routeTemplate(request: Request): string {
  const route = request.route as { readonly path?: unknown } | undefined;
  if (typeof route?.path !== 'string') return 'unmatched';
  return route.path.replace(/[:*](\w+)/g, '{$1}');
}
