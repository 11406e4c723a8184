/** What every candidate with an allowlist is given: about as many as Inngest publishes, the one that matches last. */
export const ranges: readonly string[] = [
  ...['254', '64', '132', '114', '151', '153', '17', '98'].map((last) => `203.0.113.${last}/32`),
  ...['10', '20', '30', '40', '50', '60', '70', '80'].map((last) => `192.0.2.${last}/32`),
  '198.51.100.0/24',
  '2001:db8:96c:6800::/56',
  '2001:db9::/32',
  '127.0.0.0/8',
]
