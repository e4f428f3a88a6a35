// main.go: the workloads that goroutines can do, with wqbench's command line and output: one goroutine per item
// is how Go queues work. Counts are spread over cache lines by index, as goroutines have no thread to count on.
//
// SPDX-License-Identifier: LGPL-2.1-or-later
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const shards = 64

type shard struct {
	count, sum uint64
	pad        [14]uint64
}

var (
	counts    [shards]shard
	target    uint64
	expectSum uint64
	tail      uint64
	done      chan time.Time
	params    = map[string]uint64{}
	label     = "-"
	workload  string
)

func die(text string, args ...interface{}) {
	fmt.Printf("error\t%s\tgo\t%s\t%s\n", workload, label, fmt.Sprintf(text, args...))
	os.Exit(3)
}

func result(metric string, value float64, unit string) {
	fmt.Printf("result\t%s\tgo\t%s\t%s\t%.6g\t%s\n", workload, label, metric, value, unit)
}

func param(name string, preset uint64) uint64 {
	if value, ok := params[name]; ok {
		return value
	}
	return preset
}

func budget() float64 {
	return float64(param("budget", 200)) * 1e6
}

func altogether() (count, sum uint64) {
	for i := range counts {
		count += atomic.LoadUint64(&counts[i].count)
		sum += atomic.LoadUint64(&counts[i].sum)
	}
	return
}

func ran(index uint64) {
	s := &counts[index%shards]
	atomic.AddUint64(&s.sum, index)
	atomic.AddUint64(&s.count, 1)
	if index >= tail {
		if count, _ := altogether(); count == target {
			select {
			case done <- time.Now():
			default:
			}
		}
	}
}

func begin(items uint64) {
	done = make(chan time.Time, 1)
	tail = 0
	if items > 64 {
		tail = items - 64
	}
	target += items
	expectSum += items * (items - 1) / 2
}

// wait blocks until all have run; goroutines start out of order, so the last by index may not be the last.
func wait() time.Time {
	for started := time.Now(); ; {
		var end time.Time

		select {
		case end = <-done:
		case end = <-time.After(time.Millisecond):
		}
		count, sum := altogether()
		if count > target || count == target && sum != expectSum {
			die("%d items ran, %d were queued", count, target)
		}
		if count == target {
			return end
		}
		if time.Since(started) > time.Minute {
			die("%d items did not run within a minute", target-count)
		}
	}
}

// scale finds how many items fill the budget, as bench_next does.
func scale(first, most uint64, pass func(items uint64) time.Duration) (uint64, float64) {
	for items := first; ; {
		took := float64(pass(items))
		if took >= budget() || items >= most {
			return items, took
		}
		factor := 1.2 * budget() / took
		if factor < 1.5 {
			factor = 1.5
		} else if factor > 8 {
			factor = 8
		}
		if items = uint64(float64(items)*factor) + 1; items > most {
			items = most
		}
	}
}

func produce(items, producers uint64, item func(uint64)) time.Duration {
	var started sync.WaitGroup

	begin(items)
	open := make(chan struct{})
	started.Add(int(producers))
	for p := uint64(0); p < producers; p++ {
		go func(p uint64) {
			started.Done()
			<-open
			for i := p; i < items; i += producers {
				go item(i)
			}
		}(p)
	}
	started.Wait()
	start := time.Now()
	close(open)
	return wait().Sub(start)
}

func flood() {
	producers := param("producers", 1)
	if items := param("items", 0); items > 0 {
		took, passes := float64(produce(items, producers, ran)), 0
		for took = 0; took < budget() && passes < 200; passes++ {
			took += float64(produce(items, producers, ran))
		}
		result("cost", took/float64(passes)/float64(items), "ns/item")
		return
	}
	items, took := scale(2000, 20000000, func(n uint64) time.Duration { return produce(n, producers, ran) })
	result("rate", float64(items)/took*1e3, "M/s")
}

func fan() {
	var items uint64
	var item func(index uint64)
	item = func(index uint64) {
		for child := 2*index + 1; child <= 2*index+2 && child < items; child++ {
			go item(child)
		}
		ran(index)
	}
	n, took := scale(2000, 20000000, func(n uint64) time.Duration {
		items = n
		begin(n)
		start := time.Now()
		go item(0)
		return wait().Sub(start)
	})
	result("rate", float64(n)/took*1e3, "M/s")
}

func chain() {
	var items uint64
	chains := param("chains", 1)
	var item func(index uint64)
	item = func(index uint64) {
		if index+chains < items {
			go item(index + chains)
		}
		ran(index)
	}
	first := uint64(2000)
	if chains > 200 {
		first = 10 * chains
	}
	n, took := scale(first, 20000000, func(n uint64) time.Duration {
		items = n
		begin(n)
		start := time.Now()
		for i := uint64(0); i < chains; i++ {
			go item(i)
		}
		return wait().Sub(start)
	})
	result("cost", took/float64(n), "ns/item")
}

func percentiles(name string, ns []float64) {
	sort.Float64s(ns)
	for _, p := range []float64{50, 99, 99.9} {
		result(fmt.Sprintf("%s_p%g", name, p), ns[int(float64(len(ns)-1)*p/100)]/1e3, "us")
	}
}

func pingpong() {
	var starts, rounds []float64
	gap := time.Duration(param("gap_us", 0)) * time.Microsecond
	limit := time.Duration(budget()) * 5
	if gap > 0 {
		limit *= 2
	}
	back := make(chan time.Time, 1)
	for opened := time.Now(); time.Since(opened) < limit && len(starts) < 200000; {
		if gap > 0 {
			time.Sleep(gap)
		}
		t0 := time.Now()
		go func() { back <- time.Now() }()
		t1 := <-back
		rounds = append(rounds, float64(time.Since(t0)))
		starts = append(starts, float64(t1.Sub(t0)))
	}
	percentiles("start", starts)
	percentiles("round", rounds)
}

var sink uint64

func work(rounds uint64) {
	x := rounds | 1
	for ; rounds > 0; rounds-- {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	if x == 0 { // never, but the compiler does not know
		atomic.StoreUint64(&sink, x)
	}
}

func best(tries int, f func()) float64 {
	quickest := 1e18
	for i := 0; i < tries; i++ {
		start := time.Now()
		f()
		if took := float64(time.Since(start)); took < quickest {
			quickest = took
		}
	}
	return quickest
}

func speedup() {
	rounds := uint64(float64(param("work_us", 1))*1e3*20000/best(200, func() { work(20000) })) + 1
	each := best(50, func() {
		for i := 0; i < 20; i++ {
			work(rounds)
		}
	}) / 20
	n, took := scale(1000, 5000000, func(n uint64) time.Duration {
		return produce(n, 1, func(index uint64) {
			work(rounds)
			ran(index)
		})
	})
	result("speedup", each*float64(n)/took, "x one processor")
}

func main() {
	all := map[string]func(){"flood": flood, "fan": fan, "chain": chain, "pingpong": pingpong, "work": speedup}
	if len(os.Args) == 2 && os.Args[1] == "--list" {
		for name := range all {
			fmt.Printf("fit\t%s\tgo\n", name)
		}
		return
	}
	if len(os.Args) < 3 || all[os.Args[2]] == nil {
		fmt.Fprintln(os.Stderr, "usage: wqbench_go --list | wqbench_go go WORKLOAD [parameter=value]...")
		os.Exit(2)
	}
	workload = os.Args[2]
	var named []string
	for _, arg := range os.Args[3:] {
		if parts := strings.SplitN(arg, "=", 2); len(parts) == 2 {
			params[parts[0]], _ = strconv.ParseUint(parts[1], 10, 64)
			if parts[0] != "budget" {
				named = append(named, arg)
			}
		}
	}
	if len(named) > 0 {
		label = strings.Join(named, " ")
	}
	if param("load", 0) > 0 {
		fmt.Printf("skip\t%s\tgo\t%s\tno load\n", workload, label)
		os.Exit(4)
	}
	runtime.GC()
	all[workload]()
}
