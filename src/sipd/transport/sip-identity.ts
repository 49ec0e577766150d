import { checkServerIdentity, type PeerCertificate } from 'node:tls'

/**
 * Why a certificate is not that of a SIP domain; undefined if it is. SIP URIs in it name domains (RFC 5922 §7.1), and so do DNS names. RFC 5922
 * ignores the latter beside a SIP URI; real certificates of trunks have both, and each was checked by their authority.
 */
export function checkSipIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  return sipDomainsOf(certificate).includes(host.toLowerCase()) ? undefined : checkServerIdentity(host, certificate)
}

/** `DNS:a.example, URI:sip:b.example` → `b.example`. A URI with a user names a person, not a domain (RFC 5922 §7.1). */
function sipDomainsOf({ subjectaltname = '' }: PeerCertificate): readonly string[] {
  return Array.from(subjectaltname.matchAll(/(?:^|, )URI:sips?:([A-Za-z0-9.-]+)(?=,|$)/gi), ([, domain = '']) => domain.toLowerCase())
}
