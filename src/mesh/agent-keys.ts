/**
 * Variables that pilot-agent reads and a cluster may set for its proxies: those of the reference page of pilot-agent and of
 * Istio's own documents. Nothing here names a program, a library or a file that a process loads as code.
 */
const AGENT_KEYS: ReadonlySet<string> = new Set([
  ...['BOOTSTRAP_XDS_AGENT', 'CA_ADDR', 'CA_PROVIDER', 'CA_ROOT_CA', 'CERT_SIGNER_DOMAIN', 'CLOUD_PLATFORM'],
  ...['COMPLIANCE_POLICY', 'CREDENTIAL_FETCHER_TYPE', 'CREDENTIAL_IDENTITY_PROVIDER', 'DISABLE_ENVOY'],
  ...['DNS_AGENT', 'DNS_FORWARD_PARALLEL', 'DNS_FORWARD_TIMEOUT', 'DNS_PROXY_ADDR', 'ECC_CURVE'],
  ...['ECC_SIGNATURE_ALGORITHM', 'ENVOY_PROMETHEUS_PORT', 'ENVOY_SKIP_DEPRECATED_LOGS', 'ENVOY_STATUS_PORT'],
  ...['EXIT_ON_ZERO_ACTIVE_CONNECTIONS', 'FILE_DEBOUNCE_DURATION', 'FILE_MOUNTED_CERTS', 'GCP_METADATA'],
  ...['GKE_CLUSTER_URL', 'GOMAXPROCS', 'GOMEMLIMIT', 'GRPC_KEEPALIVE_INTERVAL', 'GRPC_KEEPALIVE_TIMEOUT'],
  ...['INSTANCE_IP', 'INSTANCE_IPS', 'ISTIOD_SAN', 'ISTIO_BOOTSTRAP', 'ISTIO_BOOTSTRAP_OVERRIDE', 'ISTIO_CPU_LIMIT'],
  ...['ISTIO_DELTA_XDS', 'ISTIO_DUAL_STACK', 'ISTIO_PROMETHEUS_ANNOTATIONS', 'JWT_POLICY', 'MINIMUM_DRAIN_DURATION'],
  ...['OUTPUT_CERTS', 'PEER_METADATA_DISCOVERY', 'PILOT_CERT_PROVIDER', 'PKCS8_KEY', 'POD_NAME', 'POD_NAMESPACE'],
  ...['PROV_CERT', 'PROXY_CONFIG_XDS_AGENT', 'PROXY_XDS_DEBUG_VIA_AGENT', 'PROXY_XDS_VIA_AGENT'],
  ...['REWRITE_PROBE_LEGACY_LOCALHOST_DESTINATION', 'SECRET_GRACE_PERIOD_RATIO', 'SECRET_GRACE_PERIOD_RATIO_JITTER'],
  ...['SECRET_TTL', 'SERVICE_ACCOUNT', 'SPIFFE_BUNDLE_ENDPOINTS', 'STS_PORT', 'TOKEN_AUDIENCES', 'TRUST_DOMAIN'],
  ...['USE_EXTERNAL_WORKLOAD_SDS', 'USE_TOKEN_FOR_CSR', 'VERIFY_CERTIFICATE_AT_CLIENT', 'WORKLOAD_RSA_KEY_SIZE'],
  ...['WASM_HTTP_REQUEST_MAX_RETRIES', 'WASM_HTTP_REQUEST_TIMEOUT', 'WASM_INSECURE_REGISTRIES'],
  ...['WASM_MODULE_EXPIRY', 'WASM_PURGE_INTERVAL', 'WORKLOAD_IDENTITY_SOCKET_FILE', 'XDS_AUTH_PROVIDER', 'XDS_ROOT_CA'],
]);

/** Whether pilot-agent reads this variable: its own, the proxy's metadata, and headers of its requests. */
export function isAgentKey(key: string): boolean {
  return AGENT_KEYS.has(key) || /^(ISTIO_META_|ISTIO_METAJSON_|XDS_HEADER_|CA_HEADER_)[A-Za-z0-9_]+$/.test(key);
}

/** The loader, the C library and the shell read these; systemd/settings.awk leaves out the same. */
const FOREIGN =
  /^(LD_.*|BASH_.*|BASHOPTS|SHELLOPTS|ENV|IFS|PS4|CDPATH|PATH|GCONV_PATH|LOCPATH|GLIBC_TUNABLES|MALLOC_.*|MESHX_.*|HOME|SHELL|USER|LOGNAME|PWD|OLDPWD|TMPDIR)$/;

/** Whether a variable of this name steers the programs of a process, whatever the process is for. */
export function isForeignKey(key: string): boolean {
  return FOREIGN.test(key);
}
