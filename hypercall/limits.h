/*
 * Limits that the ABI leaves open, or tells in prose only: the hypervisor keeps to them, and tools name them when
 * somebody goes beyond.
 */
#ifndef HYPERCALL_LIMITS_H
#define HYPERCALL_LIMITS_H

/* Vcpus of a domain. */
#define DOMAIN_MAX_VCPUS 128

/* The latest layout of grant tables. */
#define GRANT_VERSION_MAX 2

/* A domain's share of the CPUs; twice the weight is twice the time. */
#define SCHED_WEIGHT_MIN     1
#define SCHED_WEIGHT_MAX     65535
#define SCHED_WEIGHT_DEFAULT 256

/* Percents of a CPU that a vcpu can use at most: a domain's cap goes up to that for each of its vcpus. 0 is no cap. */
#define SCHED_CAP_PER_VCPU 100

#endif
