/**
 * Settings of the embedded server: small (about 30 MB with the connections of one daemon), bounded on disk, and
 * durable. They are given at each start, so a newer corewatch brings its own.
 * @param run folder of the socket.
 */
export function serverSettings(run: string): Record<string, string> {
  return {
    listen_addresses: "",
    unix_socket_directories: `"${run.replaceAll('"', '""')}"`,
    unix_socket_permissions: "0700",
    max_connections: "30",
    superuser_reserved_connections: "2",
    shared_buffers: "16MB",
    work_mem: "4MB",
    maintenance_work_mem: "16MB",
    effective_cache_size: "64MB",
    // Every process counts: no parallel workers, no workers for reading, one for vacuum.
    max_worker_processes: "0",
    max_logical_replication_workers: "0",
    max_parallel_workers: "0",
    max_parallel_workers_per_gather: "0",
    io_method: "sync",
    autovacuum_worker_slots: "1",
    autovacuum_max_workers: "1",
    jit: "off",
    // Nobody replicates from it; then the log is smaller. 128 MB bounds it.
    wal_level: "minimal",
    max_wal_senders: "0",
    max_replication_slots: "0",
    min_wal_size: "32MB",
    max_wal_size: "128MB",
    wal_buffers: "1MB",
    checkpoint_timeout: "10min",
    idle_in_transaction_session_timeout: "30s",
    log_min_messages: "warning",
    log_line_prefix: "%m [%p] ",
    // A statement in the log may hold what was observed.
    log_min_error_statement: "panic",
    timezone: "UTC",
    log_timezone: "UTC",
  };
}
