/**
 * The path as routes know it: without `APP_ROOT_PATH`, `/v1` and trailing slash (API.md §1.1). A proxy
 * may have removed the root path already.
 * @param url request target as sent; its query stays as it is
 * @param rootPath `APP_ROOT_PATH`; empty = none
 */
export function canonicalUrl(url: string, rootPath: string): string {
  const queryAt = url.indexOf('?');
  if (queryAt < 0) return canonicalPath(url, rootPath);
  return canonicalPath(url.slice(0, queryAt), rootPath) + url.slice(queryAt);
}

/** As `canonicalUrl`, of a path without query. */
export function canonicalPath(path: string, rootPath: string): string {
  const known = withoutPrefix(withoutPrefix(path, rootPath), '/v1');
  return known.length > 1 && known.endsWith('/') ? known.slice(0, -1) : known;
}

function withoutPrefix(path: string, prefix: string): string {
  if (prefix === '' || prefix === '/' || !path.startsWith(prefix)) return path;
  const rest = path.slice(prefix.length);
  if (rest === '') return '/';
  return rest.startsWith('/') ? rest : path;
}
