const PARAMETER = /^[!#$%&'*+.^_`|~\w-]+=(?:[!#$%&'*+.^_`|~\w-]+|"(?:[^"\\]|\\.)*")$/;

/**
 * Whether a `Content-Type` is exactly `application/json`, in UTF-8, with well-formed parameters only
 * (API.md §1.2, SECURITY.md S03): anything laxer lets a foreign page send a "simple" request.
 */
export function isJsonMediaType(header: string | undefined): boolean {
  if (header === undefined) return false;
  if (header === 'application/json') return true;
  const [type = '', ...parameters] = header.split(';').map((part) => part.trim());
  if (type.toLowerCase() !== 'application/json') return false;
  return parameters.every((parameter) => {
    if (!PARAMETER.test(parameter)) return false;
    const [name = '', value = ''] = parameter.toLowerCase().split('=');
    return name !== 'charset' || /^"?utf-?8"?$/.test(value);
  });
}
