/**
 * The path as routes know it: without `APP_ROOT_PATH`, `/v1` and trailing slash (API.md §1.1). A proxy
 * may have removed the root path already.
 * @param url request target as sent; its query stays as it is
 * @param rootPath `APP_ROOT_PATH`; empty = none
 */
export function canonicalUrl(url: string, rootPath: string): string {
  const queryAt = url.indexOf('?');
  let path = queryAt < 0 ? url : url.slice(0, queryAt);
  const query = queryAt < 0 ? '' : url.slice(queryAt);
  path = withoutPrefix(path, rootPath);
  path = withoutPrefix(path, '/v1');
  if (path.length > 1 && path.endsWith('/')) path = path.slice(0, -1);
  return path + query;
}

function withoutPrefix(path: string, prefix: string): string {
  if (prefix === '' || prefix === '/' || !path.startsWith(prefix)) return path;
  const rest = path.slice(prefix.length);
  if (rest === '') return '/';
  return rest.startsWith('/') ? rest : path;
}
