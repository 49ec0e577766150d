/** User-Agent of a phone of each make. */
export const agents = {
  yealink: 'Yealink SIP-T54W 96.86.0.20 00:15:65:1a:2b:3c',
  snom: 'Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004 0015651A2B3C SXM:0 UXM:0)',
  grandstream: 'Grandstream Model HW GRP2614 V1.6A SW 1.0.5.15 DevId 0015651a2b3c',
  poly: 'Mozilla/4.0 (compatible; MSIE 6.0; PolycomVVX-VVX_450-UA/6.4.6.1234)',
  fanvil: 'Fanvil X5U-V2 2.12.16.17 0015651a2b3c',
  gigaset: 'Gigaset N870 IP PRO/83.V2.11.0+build.a546b91;0015651A2B3C',
  cisco: 'Cisco-CP-8851-3PCC/12.0.7 (0015651a2b3c)',
  generic: '',
} as const
export type Make = keyof typeof agents
export const makes = Object.keys(agents) as Make[]
export const xmlMakes = makes.filter((make) => make !== 'generic')
