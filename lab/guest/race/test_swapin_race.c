// SPDX-License-Identifier: GPL-2.0
/*
 * Stalls one page fault until what it is about, a PTE marker or a missing page that
 * userfaultfd is to be told of, has been replaced by another marker, so that what
 * do_swap_page() or handle_userfault() then does can be seen.
 *
 * Write "TID MS" to /dev/test_swapin_race: the next such fault of thread TID stalls
 * until there is another marker, but for no longer than MS milliseconds.  Read it to
 * learn how far that is, one word a line:
 *
 *	idle		nothing is to be stalled
 *	armed		no fault yet
 *	stalled		the thread is in its fault
 *	released	it saw another marker, and went on
 *	timeout		it saw none in time, and went on
 *
 * The stalled thread spins with preemption off: the threads that are to change the
 * marker need another CPU.  See swapin_race.c.
 */
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#if __has_include(<linux/leafops.h>)
#include <linux/leafops.h>

static bool is_pte_marker(pte_t pte)
{
	return softleaf_is_marker(softleaf_from_pte(pte));
}
#endif

#define MAX_MS	10000

enum state { IDLE, ARMED, STALLED, RELEASED, TIMEOUT };

static const char * const state_name[] = {
	"idle\n", "armed\n", "stalled\n", "released\n", "timeout\n",
};

static atomic_t state = ATOMIC_INIT(IDLE);
/* Who may arm, and who has. */
static DEFINE_MUTEX(arming);
static struct file *armed_by;
static pid_t victim;
static unsigned int limit_ms;

static int stall(struct kprobe *p, struct pt_regs *regs);

static struct kprobe on_marker = {
	.symbol_name = "do_swap_page",
	.pre_handler = stall,
};

static struct kprobe on_missing = {
	.symbol_name = "handle_userfault",
	.pre_handler = stall,
};

static struct kprobe *probes[] = { &on_marker, &on_missing };

/* At the entry of the function: vmf->orig_pte is what was faulted on. */
static int stall(struct kprobe *p, struct pt_regs *regs)
{
	struct vm_fault *vmf = (void *)regs_get_kernel_argument(regs, 0);
	enum state end = TIMEOUT;
	u64 deadline;
	pte_t pte;

	if (atomic_read_acquire(&state) != ARMED || task_pid_vnr(current) != victim ||
	    (p == &on_marker && !is_pte_marker(vmf->orig_pte)))
		return 0;
	/* It may have been disarmed meanwhile. */
	if (atomic_cmpxchg(&state, ARMED, STALLED) != ARMED)
		return 0;

	deadline = ktime_get_mono_fast_ns() + (u64)limit_ms * NSEC_PER_MSEC;
	while (ktime_get_mono_fast_ns() < deadline) {
		pte = ptep_get_lockless(vmf->pte);
		if (is_pte_marker(pte) && !pte_same(pte, vmf->orig_pte)) {
			end = RELEASED;
			break;
		}
		cpu_relax();
	}
	atomic_set(&state, end);
	return 0;
}

static ssize_t race_write(struct file *file, const char __user *ubuf, size_t len,
			  loff_t *ppos)
{
	ssize_t ret = -EBUSY;
	unsigned int ms;
	char buf[32];
	int now, tid;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, ubuf, len))
		return -EFAULT;
	buf[len] = '\0';
	if (sscanf(buf, "%d %u", &tid, &ms) != 2 || tid <= 0 || ms > MAX_MS)
		return -EINVAL;

	mutex_lock(&arming);
	now = atomic_read(&state);
	if (now != ARMED && now != STALLED) {
		victim = tid;
		limit_ms = ms;
		armed_by = file;
		/* Only now may stall() look at them. */
		atomic_set_release(&state, ARMED);
		ret = len;
	}
	mutex_unlock(&arming);
	return ret;
}

static ssize_t race_read(struct file *file, char __user *ubuf, size_t len, loff_t *ppos)
{
	const char *name = state_name[atomic_read(&state)];

	return simple_read_from_buffer(ubuf, len, ppos, name, strlen(name));
}

/* A thread that was to be stalled may be gone with its process. */
static int race_release(struct inode *inode, struct file *file)
{
	mutex_lock(&arming);
	if (armed_by == file) {
		atomic_cmpxchg(&state, ARMED, IDLE);
		armed_by = NULL;
	}
	mutex_unlock(&arming);
	return 0;
}

static const struct file_operations race_fops = {
	.owner = THIS_MODULE,
	.read = race_read,
	.write = race_write,
	.release = race_release,
};

static struct miscdevice race_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "test_swapin_race",
	.mode = 0600,
	.fops = &race_fops,
};

static int __init race_init(void)
{
	int ret = register_kprobes(probes, ARRAY_SIZE(probes));

	if (ret)
		return ret;
	ret = misc_register(&race_device);
	if (ret)
		unregister_kprobes(probes, ARRAY_SIZE(probes));
	return ret;
}

static void __exit race_exit(void)
{
	misc_deregister(&race_device);
	unregister_kprobes(probes, ARRAY_SIZE(probes));
}

module_init(race_init);
module_exit(race_exit);
MODULE_DESCRIPTION("Test of a race between page faults and swapoff");
MODULE_LICENSE("GPL");
