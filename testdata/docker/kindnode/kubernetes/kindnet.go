package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const (
	// networkFile is where containerd finds the node's pod network: until it is
	// there, the node is not ready.
	networkFile = "/etc/cni/net.d/10-kindnet.conflist"
	// network is the pod network of one node, for its pod CIDR.
	network = `{"cniVersion": "1.0.0", "name": "kindnet", "plugins": [
{"type": "ptp", "mtu": 1500, "ipam": {"type": "host-local", "dataDir": "/run/cni-ipam-state", "ranges": [[{"subnet": %q}]], "routes": [{"dst": "0.0.0.0/0"}]}},
{"type": "portmap", "capabilities": {"portMappings": true}}]}
`
	syncPace  = 5 * time.Second
	retryPace = 500 * time.Millisecond
)

// kindnet gives the pods of this node addresses from its pod CIDR, routes the
// other nodes' and masquerades what leaves the pods' subnet. It reaches the API
// server by its service address, so a node turns ready only once kube-proxy has
// its rules.
func kindnet() error {
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	config.Timeout = 3 * time.Second
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	for {
		pace := syncPace
		if err := syncNetwork(client, os.Getenv("NODE_NAME"), os.Getenv("POD_SUBNET")); err != nil {
			log.Print(err) // the API server or the pod CIDR is not there yet
			pace = retryPace
		}
		time.Sleep(pace)
	}
}

func syncNetwork(client kubernetes.Interface, self, subnet string) error {
	nodes, err := client.CoreV1().Nodes().List(context.Background(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	if err := masquerade(subnet); err != nil {
		return err
	}
	for _, node := range nodes.Items {
		switch {
		case node.Name == self && node.Spec.PodCIDR == "":
			return fmt.Errorf("node %s has no pod CIDR yet", self)
		case node.Spec.PodCIDR == "":
			continue // it comes with the next look
		case node.Name == self:
			err = writeNetwork(node.Spec.PodCIDR)
		default:
			err = route(node)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func masquerade(subnet string) error {
	rule := []string{"POSTROUTING", "-s", subnet, "!", "-d", subnet, "-j", "MASQUERADE"}
	iptables := func(action string) ([]byte, error) {
		return exec.Command("iptables", slices.Concat([]string{"-w", "-t", "nat", action}, rule)...).CombinedOutput()
	}
	if _, err := iptables("-C"); err == nil {
		return nil // the rule is there
	}
	if out, err := iptables("-A"); err != nil {
		return fmt.Errorf("masquerade %s: %w: %s", subnet, err, out)
	}
	return nil
}

// writeNetwork writes the file in one step: containerd watches the folder.
func writeNetwork(cidr string) error {
	want := fmt.Sprintf(network, cidr)
	have, err := os.ReadFile(networkFile)
	if err == nil && string(have) == want {
		return nil
	}
	if err := os.WriteFile(networkFile+".tmp", []byte(want), 0o644); err != nil {
		return err
	}
	return os.Rename(networkFile+".tmp", networkFile)
}

// route leads to the pods of another node.
func route(node corev1.Node) error {
	_, pods, err := net.ParseCIDR(node.Spec.PodCIDR)
	if err != nil {
		return fmt.Errorf("node %s: %w", node.Name, err)
	}
	for _, address := range node.Status.Addresses {
		ip := net.ParseIP(address.Address)
		if address.Type != corev1.NodeInternalIP || ip.To4() == nil {
			continue
		}
		if err := netlink.RouteReplace(&netlink.Route{Dst: pods, Gw: ip}); err != nil {
			return fmt.Errorf("route %s by %s: %w", pods, ip, err)
		}
	}
	return nil
}
