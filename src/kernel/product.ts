/** Version of the product: `serverInfo`, `/version`, metrics, command line. Kept equal to package.json by a test. */
export const PRODUCT_VERSION = '0.1.0';
